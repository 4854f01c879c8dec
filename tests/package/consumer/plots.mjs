import { plotLines } from 'chainrule/train';

console.log((await plotLines({ loss: [3, 2, 1] })).slice(0, 4));
