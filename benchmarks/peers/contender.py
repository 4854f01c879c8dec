"""A contender's process in Python: the commands of contender.mjs, answered on descriptor 3."""
import json, os, sys, time
import numpy as np

DTYPES = {'float32': np.float32, 'float64': np.float64, 'int32': np.int32}


def load(inputs):
    return {name: np.fromfile(i['file'], DTYPES[i['dtype']]).reshape(i['shape']) for name, i in inputs.items()}


def watch():
    """A stopwatch: by the clock on the wall, and of all threads on processors; read with the number of runs it covered."""
    start, used = time.perf_counter_ns(), time.process_time_ns()

    def elapsed(runs):
        end = time.perf_counter_ns()
        return {'time': (end - start) / runs, 'processor': (time.process_time_ns() - used) / runs}

    return elapsed


class Contender:
    """`makers` by kind of work: (inputs, options) -> (run, read, finish), as in contender.mjs."""

    def __init__(self, makers):
        self.makers = makers
        self.seen = {}

    def take(self, handle):
        for name, data in self.read(handle).items():
            self.seen.setdefault(name, []).append(np.asarray(data, np.float64).ravel())

    def prepare(self, command):
        assignment = command['assignment']
        if assignment['kind'] not in self.makers:
            return {'cannot': 'not written for this contender'}
        make = self.makers[assignment['kind']]
        self.run, self.read, self.finish = make(load(assignment['inputs']), assignment['options'])
        self.steps = assignment['steps']
        elapsed = watch()
        handle = self.run()
        self.finish(handle)
        answer = elapsed(1)
        self.take(handle)
        return answer

    def results(self, command):
        for _ in range(1, self.steps):
            self.take(self.run())
        arrays = {}
        for name, parts in self.seen.items():
            arrays[name] = os.path.join(command['folder'], name + '.bin')
            np.concatenate(parts).tofile(arrays[name])
        return {'arrays': arrays}

    def warm(self, command):
        elapsed, start, n = watch(), time.perf_counter_ns(), 0
        while n < command['least'] or time.perf_counter_ns() - start < command['ms'] * 1e6:
            self.finish(self.run())
            n += 1
        return elapsed(n)

    def round(self, command):
        run, finish = self.run, self.finish
        elapsed = watch()
        for _ in range(command['calls']):
            finish(run())
        return elapsed(command['calls'])


def contend(makers):
    contender = Contender(makers)
    with os.fdopen(3, 'w') as answers:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                answer = getattr(contender, command['do'])(command)
            except Exception as error:
                answer = {'cannot': f'{type(error).__name__}: {error}'.splitlines()[0]}
            print(json.dumps(answer), file=answers, flush=True)
