// node .ci/count.mjs FILE: "passed failed skipped" of a file that jest's --json wrote. A suite that didn't even start counts
// as a failure. Ends with 1 where the file is missing or no test ran.
import { readFileSync } from 'node:fs';

try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(process.argv[2], 'utf8'),
  );
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  if (numPassedTests + failed === 0) process.exit(1);
  console.log(numPassedTests, failed, numPendingTests + numTodoTests);
} catch {
  process.exit(1);
}
