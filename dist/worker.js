#!/usr/bin/env node
import { worker } from './bundle.js';
await worker();
