#!/usr/bin/env node
import { action } from './bundle.js';
await action();
