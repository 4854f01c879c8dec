import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const nodeGlobals = {
  Buffer: 'readonly',
  TextEncoder: 'readonly',
  __dirname: 'readonly',
  clearTimeout: 'readonly',
  console: 'readonly',
  crypto: 'readonly',
  module: 'writable',
  process: 'readonly',
  require: 'readonly',
  setTimeout: 'readonly',
  URL: 'readonly',
};
const jestGlobals = { describe: 'readonly', expect: 'readonly', test: 'readonly' };

// Engines differ in the last bits of these; ours (src/base/elementary) give the same bits everywhere.
// sqrt, fround, floor, abs, min, … are exact by the language's specification and stay allowed.
const unportable =
  'acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow random sin sinh tan tanh';
const portableMath = unportable.split(' ').map((property) => ({
  object: 'Math',
  property,
  message: 'Its bits depend on the engine. Use base/elementary (or base/random).',
}));

const portablePower = ['BinaryExpression', 'AssignmentExpression'].map((node) => ({
  selector: node === 'BinaryExpression' ? `${node}[operator="**"]` : `${node}[operator="**="]`,
  message: 'The bits of ** depend on the engine. Use base/elementary, or a product.',
}));

const namedExports = ['ExportDefaultDeclaration', 'ExportSpecifier[exported.name="default"]'].map((selector) => ({
  selector,
  message: 'Export by name, so that one thing has one name everywhere.',
}));

export default defineConfig(
  {
    ignores: [
      'dist',
      'coverage',
      'out',
      'notebooks',
      'benchmarks/.build',
      '**/*.generated.ts',
      'tests/package/consumer/*.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', ...namedExports],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', ...portableMath],
      'no-restricted-syntax': ['error', ...namedExports, ...portablePower],
    },
  },
  {
    // Matchers and mocks are loosely typed; a test that hands in something wrong on purpose says so with a cast.
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: nodeGlobals },
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['tests/**/*.{js,cjs}'], languageOptions: { globals: jestGlobals } },
);
