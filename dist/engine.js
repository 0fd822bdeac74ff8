#!/usr/bin/env node
import { engine } from './bundle.js';
await engine();
