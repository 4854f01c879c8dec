// A picture where chainrule is required: vega can only be imported.
const { plotLines } = require('chainrule/train');

plotLines({ loss: [3, 2, 1] }).then((svg) => console.log(svg.slice(0, 4)));
