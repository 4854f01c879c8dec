// After npm ci in a clone (and when installed from git): builds, so that `npx chainrule` and imports of the package work
// there. Without the development tools (--omit=dev) there is nothing to build with, and nothing is built.
import { existsSync } from 'node:fs';

if (existsSync('node_modules/typescript')) await import('./build.mjs');
