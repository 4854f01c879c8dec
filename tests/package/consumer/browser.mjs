import { value } from 'chainrule';

console.log(value(2).mul(3).item());
