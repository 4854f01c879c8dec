/**
 * Where the extremes lie. A NaN beats every number, and the first of equals stays: with lanes along the row each lane
 * keeps the first of its own, and the lanes are compared at the end.
 */
import type { Node, NumericType } from '../../base/lanes/graph.ts';
import type { FunctionBody, Local, OpName } from '../../base/wasm/index.ts';
import { tileOf } from './reduce-columns.ts';
import type { Frame, Place } from './reduce-frame.ts';
import { extractOp } from './reduce-result.ts';
import { writeDigits, writeLoop, writeOffset } from './places.ts';

/** Which instructions tell that a number beats another. */
export interface Contest {
  readonly type: NumericType;
  readonly largest: boolean;
}

const SHAPES: Readonly<Record<NumericType, string>> = { f64: 'f64x2', f32: 'f32x4', i32: 'i32x4' };

/** Whether x takes the place of `best`: not unless best is a number, and then if x is not at most as good. */
function writeBeats(body: FunctionBody, { type, largest }: Contest, x: Local, best: Local, vectors: boolean): void {
  const shape = vectors ? SHAPES[type] : type;
  const op = (name: string): OpName => `${shape}.${name}` as OpName;
  if (type === 'i32')
    return void body
      .get(x)
      .get(best)
      .op(op(largest ? 'gt_s' : 'lt_s'));
  body.get(best).get(best).op(op('eq'));
  body
    .get(x)
    .get(best)
    .op(op(largest ? 'le' : 'ge'));
  if (vectors) body.op('v128.andnot');
  else body.op('i32.eqz').op('i32.and');
}

/** Whether these lanes can be compared as vectors: places have the lanes' width. */
export const comparesVectors = (width: number | undefined, type: NumericType): boolean =>
  width === (type === 'f64' ? 8 : 4);

export function writePlaces(frame: Frame, contest: Contest): void {
  const { body, layout, lanes } = frame;
  if (layout.way === 'rows') return frame.eachUnit(1, () => new RowSearch(frame, contest).write());
  frame.eachUnit(tileOf(frame), (column, end) => {
    if (layout.way === 'single') return searchOne(frame, contest);
    const last = body.local('i32');
    body
      .get(end)
      .i32(lanes - 1)
      .op('i32.sub')
      .set(last);
    writeLoop(body, column, last, lanes, () => searchColumns(frame, contest, column));
    if (layout.columns % lanes === 0) return;
    body
      .get(column)
      .get(end)
      .op('i32.lt_s')
      .if([], () => {
        body.get(end).i32(lanes).op('i32.sub').set(column);
        searchColumns(frame, contest, column);
      });
  });
}

// One by one ---------------------------------------------------------------------------------------------------------

/** The best so far and its place, in scalars. */
interface Leader {
  readonly best: Local;
  readonly at: Local;
}

function newLeader(frame: Frame, { type }: Contest): Leader {
  return { best: frame.body.local(type), at: frame.body.local('i32') };
}

/** Compares with the element numbered k, which `write` leaves on the stack. */
function challenge(frame: Frame, contest: Contest, { best, at }: Leader, k: Local, write: () => void): void {
  const { body } = frame;
  const x = body.local(contest.type);
  write();
  body.set(x);
  writeBeats(body, contest, x, best, false);
  body.if([], () => body.get(x).set(best).get(k).set(at));
}

function storePlace(frame: Frame, at: Local): void {
  frame.body.get(frame.target).get(at).memory('i32.store');
}

function searchOne(frame: Frame, contest: Contest): void {
  const { body, layout } = frame;
  const given = frame.writeSteady(undefined, 0, false);
  const leader = newLeader(frame, contest);
  const k = body.local('i32');
  const element = (): void => frame.writeElement(given, undefined, writeDigits(body, k, layout.inner), 0);
  body.i32(0).tee(k).set(leader.at);
  element();
  body.set(leader.best).i32(1).set(k);
  writeLoop(body, k, layout.count, 1, () => challenge(frame, contest, leader, k, element));
  storePlace(frame, leader.at);
}

// Vectors ------------------------------------------------------------------------------------------------------------

/** The best of each lane so far, and their places. */
interface Leaders {
  readonly best: Local;
  readonly at: Local;
}

const newLeaders = (body: FunctionBody): Leaders => ({ best: body.local('v128'), at: body.local('v128') });

/** The number on the stack, an i32, in every lane. */
function writeSpreadPlace(frame: Frame): void {
  if (frame.layout.width === 8) frame.body.op('i64.extend_i32_u').op('i64x2.splat');
  else frame.body.op('i32x4.splat');
}

/** Compares lane by lane with the vector that `write` leaves on the stack; `places` are its elements' numbers. */
function challengeAll(frame: Frame, contest: Contest, { best, at }: Leaders, places: Local, write: () => void): void {
  const { body } = frame;
  const [x, wins] = [body.local('v128'), body.local('v128')];
  write();
  body.set(x);
  writeBeats(body, contest, x, best, true);
  body.set(wins);
  body.get(x).get(best).get(wins).op('v128.bitselect').set(best);
  body.get(places).get(at).get(wins).op('v128.bitselect').set(at);
}

/** Leaves one lane's place on the stack as an i32. */
function writePlaceOf(frame: Frame, at: Local, lane: number): void {
  const wide = frame.layout.width === 8;
  frame.body.get(at).lane(extractOp(wide ? 'i64' : 'i32'), lane);
  if (wide) frame.body.op('i32.wrap_i64');
}

/** A vector of results: every lane a row of its own. */
function searchColumns(frame: Frame, contest: Contest, column: Local): void {
  const { body, layout } = frame;
  const given = frame.writeSteady(column, 0, true);
  const leaders = newLeaders(body);
  const [k, places] = [body.local('i32'), body.local('v128')];
  const element = (): void => frame.writeVector(given, column, writeDigits(body, k, layout.inner), 0);
  body.i32(0).tee(k);
  writeSpreadPlace(frame);
  body.set(leaders.at);
  element();
  body.set(leaders.best).i32(1).set(k);
  writeLoop(body, k, layout.count, 1, () => {
    body.get(k);
    writeSpreadPlace(frame);
    body.set(places);
    challengeAll(frame, contest, leaders, places, element);
  });
  for (let lane = 0; lane < frame.lanes; lane++) {
    body.get(frame.target);
    writeOffset(body, [column], [layout.to.lane], 4);
    if (lane > 0) body.i32((lane * layout.to.lane * 4) | 0).op('i32.add');
    writePlaceOf(frame, leaders.at, lane);
    body.memory('i32.store');
  }
}

/** One result: lanes along the row, then one by one across them and behind the last whole vector. */
class RowSearch {
  private readonly frame: Frame;
  private readonly contest: Contest;
  private readonly vectors: ReadonlyMap<Node, Local>;
  private readonly k: Local;

  constructor(frame: Frame, contest: Contest) {
    this.frame = frame;
    this.contest = contest;
    this.vectors = frame.writeSteady(undefined, 0, true);
    this.k = frame.body.local('i32');
  }

  write(): void {
    const { frame, contest, k } = this;
    const { layout, body, lanes } = frame;
    const leader = newLeader(frame, contest);
    const whole = layout.count - (layout.count % lanes);
    if (whole > 0) this.writeWhole(whole, leader);
    body.i32(whole).set(k);
    const given = frame.writeSteady(undefined, 0, false);
    const element = (): void => frame.writeElement(given, undefined, this.place(), 0);
    if (whole === 0) {
      element();
      body.set(leader.best).i32(0).set(leader.at).i32(1).set(k);
    }
    if (layout.count > Math.max(whole, 1)) {
      writeLoop(body, k, layout.count, 1, () => challenge(frame, contest, leader, k, element));
    }
    storePlace(frame, leader.at);
  }

  private place(): Place {
    return writeDigits(this.frame.body, this.k, this.frame.layout.inner);
  }

  private writeWhole(whole: number, leader: Leader): void {
    const { frame, contest, k } = this;
    const { body, lanes } = frame;
    const leaders = newLeaders(body);
    const [places, step] = [body.local('v128'), body.local('v128')];
    const element = (): void => frame.writeVector(this.vectors, undefined, this.place(), 0);
    this.writeFirstPlaces();
    body.tee(places).set(leaders.at);
    body.i32(lanes);
    writeSpreadPlace(frame);
    body.set(step).i32(0).set(k);
    element();
    body.set(leaders.best).i32(lanes).set(k);
    writeLoop(body, k, whole, lanes, () => {
      body
        .get(places)
        .get(step)
        .op(frame.layout.width === 8 ? 'i64x2.add' : 'i32x4.add')
        .set(places);
      challengeAll(frame, contest, leaders, places, element);
    });
    this.joinLanes(leaders, leader);
  }

  /** 0, 1, … in the lanes. */
  private writeFirstPlaces(): void {
    const bytes = new Uint8Array(16);
    for (let lane = 0; lane < this.frame.lanes; lane++) bytes[lane * this.frame.layout.width!] = lane;
    this.frame.body.v128(bytes);
  }

  /** Of lanes that are equally good, the one with the smaller place. */
  private joinLanes(leaders: Leaders, leader: Leader): void {
    const { frame, contest } = this;
    const { body } = frame;
    const [x, at] = [body.local(contest.type), body.local('i32')];
    const take = (lane: number, best: Local, place: Local): void => {
      body.get(leaders.best).lane(extractOp(contest.type), lane).set(best);
      writePlaceOf(frame, leaders.at, lane);
      body.set(place);
    };
    take(0, leader.best, leader.at);
    for (let lane = 1; lane < frame.lanes; lane++) {
      take(lane, x, at);
      writeBeats(body, contest, x, leader.best, false);
      writeBeats(body, contest, leader.best, x, false);
      body.op('i32.eqz').get(at).get(leader.at).op('i32.lt_s').op('i32.and').op('i32.or');
      body.if([], () => body.get(x).set(leader.best).get(at).set(leader.at));
    }
  }
}
