import { testLaws } from './table.ts';

testLaws(1, 4);
