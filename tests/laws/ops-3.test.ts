import { testLaws } from './table.ts';

testLaws(2, 4);
