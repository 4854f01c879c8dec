/** What `nn.init` holds. */
export * from './initialisers.ts';
export * from './initialisers-structured.ts';
