/** Pictures of a run. */
import { manualSeed } from 'chainrule';
import { moons } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { fit, plotDecisionBoundary, plotLoss } from 'chainrule/train';

const svg = /^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/;

test('the loss curve and the decision boundary are SVG', async () => {
  manualSeed(0);
  const { x, y } = moons(100, { noise: 0.1 });
  const model = new MLP([2, 8, 2]);
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  const history = await fit(model, { x, y }, { loss: crossEntropy, optimizer, epochs: 2 });
  expect(await plotLoss(history)).toMatch(svg);
  const boundary = await plotDecisionBoundary(model, x, y);
  expect(boundary).toMatch(svg);
  expect(boundary).toContain('Decision boundary');
});
