/** The command line: one of the two doors. Loads what a command needs when it is known which one it is. */
import { commandLine } from './cli/command-line.js';

process.exitCode = await commandLine(process.argv.slice(2), process);
