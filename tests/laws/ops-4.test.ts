import { testLaws } from './table.ts';

testLaws(3, 4);
