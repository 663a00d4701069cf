import { expect, test } from 'vitest'
import type { Metric } from './metric.js'
import { prometheusText } from './prometheus-text.js'

const metric = (labels: Record<string, string>, value: number): Metric => ({
  name: 'phasegate_test',
  help: 'What\nit \\ is.',
  type: 'gauge',
  samples: [{ labels, value }],
})

test('a metric is its help, its type, and a line for each sample', () => {
  expect(prometheusText([metric({ phase: 'expand', state: 'applied' }, 1.5)])).toBe(
    '# HELP phasegate_test What\\nit \\\\ is.\n# TYPE phasegate_test gauge\nphasegate_test{phase="expand",state="applied"} 1.5\n',
  )
  expect(prometheusText([metric({}, 0)])).toMatch(/^phasegate_test 0$/m)
})

test('a label holds any text', () => {
  expect(prometheusText([metric({ gate: 'http("https://a\\b")\nx' }, 1)])).toContain(
    'phasegate_test{gate="http(\\"https://a\\\\b\\")\\nx"} 1\n',
  )
})

test('numbers that are none are written as Prometheus reads them', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21]
  const lines = values.map((value) =>
    prometheusText([metric({}, value)])
      .trim()
      .split(' ')
      .at(-1),
  )
  expect(lines).toEqual(['NaN', '+Inf', '-Inf', '1e+21'])
})

test('a metric without samples is not there', () => {
  expect(prometheusText([{ ...metric({}, 1), samples: [] }])).toBe('')
})
