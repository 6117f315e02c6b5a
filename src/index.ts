export type * from './chunks.js';
export { type ErrorCode, isAbort, SegcanaryError } from './errors.js';
export { type Stage, type StageBody, type StageOptions, stage } from './stages/stage.js';
