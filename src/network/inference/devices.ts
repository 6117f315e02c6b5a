/** Where networks can run, and what onnxruntime calls it. Another device is one line here. */
export const DEVICES = [{ name: 'cpu', executionProvider: 'cpu' }] as const;

export type Device = (typeof DEVICES)[number]['name'];

/** The execution providers of a session, in the order in which onnxruntime tries them. */
export const executionProvidersOf = (device: Device): string[] =>
  DEVICES.filter(({ name }) => name === device).map(({ executionProvider }) => executionProvider);
