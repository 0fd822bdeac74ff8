import { count, counted } from './figures.js';
import type { KerasSummary, ParameterDifference, SourceSummary } from './types.js';

const REASONS: Record<ParameterDifference['reason'], string> = {
  statistics: 'running means and variances of BatchNormalization, which are no parameters but buffers in torch',
  zeros: 'zeros in kernels that stand for groups, a dilation or a cut',
  constants: 'constants that layers compute with and the source has no parameters for',
  biases: 'biases of recurrent layers: the source has two and adds them',
  configuration: "weights that stand in a layer's configuration",
  merged: 'weights that were computed into others while converting',
  copies: 'weights that several nodes share, and of which each layer has its own',
};

/**
 * How the source's total of parameters leads to Keras's, a line each: the source's, what is more or less and why, Keras's.
 * One line where both are the same.
 */
export function parameterLines(source: SourceSummary, keras: KerasSummary): string[] {
  const given = source.rows.reduce((sum, row) => sum + row.params, 0);
  const total = keras.trainable + keras.nonTrainable;
  const { differences } = keras;
  if (differences === undefined) return [];
  if (differences.length === 0) return [`Source and Keras both count ${counted(total, 'parameter')}.`];
  return [
    `The source counts ${counted(given, 'parameter')},`,
    ...differences.map(
      ({ reason, parameters, layers }) =>
        `${parameters < 0 ? '−' : '+'} ${count(Math.abs(parameters))} ${REASONS[reason]} (${counted(layers, 'layer')}),`,
    ),
    `= ${count(total)} in Keras, ${count(keras.nonTrainable)} of them not trained.`,
  ];
}
