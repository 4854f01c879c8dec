import { testLaws } from './table.ts';

testLaws(0, 4);
