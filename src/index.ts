export type * from './chunks.js';
export type { ChannelBytes, ScanBytes } from './chunks.js';
export {
  type ClientOptions,
  type RemoteScoreOptions,
  SegcanaryClient,
  type SendOptions,
} from './client/client.js';
export {
  type ArchivedInstance,
  type ArchivedObjects,
  type ArchivedSeries,
  DicomWeb,
  type DicomWebOptions,
  type ObjectTaker,
} from './client/dicomweb.js';
export { PeerError } from './client/peer.js';
export type { PeerAccess } from './client/peer-access.js';
export { type PulledStudy, type PullOptions, pullStudy } from './client/pull-study.js';
export type { ImageTarget } from './client/received-image.js';
export type { ChannelBody, ScanBody, SeriesBody } from './client/scan-body.js';
export { type ScoreRemotelyOptions, scoreScansRemotely } from './client/score-scans.js';
export { ServerError } from './client/server-error.js';
export { storeObjects } from './client/store-objects.js';
export { stow } from './client/stow.js';
export {
  type Boundaries,
  type Calibration,
  type CalibrationCase,
  calibrate,
  pValueOf,
  uncertaintyOf,
  verdictOf,
} from './detectors/calibration.js';
export { ESTIMATORS, type Estimator } from './detectors/estimators.js';
export { benjaminiHochberg } from './detectors/false-discoveries.js';
export { type EmbeddingBlock, fitGaussian, type GaussianFit } from './detectors/fit-gaussian.js';
export { type Gaussian, gaussian, squaredDistance } from './detectors/gaussian.js';
export type { Features, FittedMethod, PatchMethod, PatchScorer, Scorer } from './detectors/method.js';
export { PATCH_METHODS } from './detectors/methods/registry.js';
export {
  encoderOf,
  type OpenDetector,
  openBesideSegmenter,
  openDetector,
  type SegmentingDetector,
} from './detectors/opened.js';
export { OUTPUT_METHODS } from './detectors/outputs/registry.js';
export { chanceOfMore, describeLevel, describeSite, warningsOfCalibration } from './detectors/promise.js';
export {
  type Detector,
  type DetectorDescription,
  type FeatureDetector,
  type IntensityDetector,
  type KnownDetector,
  loadDetector,
  loadFeatureDetector,
  type OutputDetector,
  saveDetector,
  writeCalibration,
} from './detectors/saved.js';
export { type IntensityWatch, watchIntensities } from './detectors/watch-intensities.js';
export { ConformalPValues } from './drift/conformal.js';
export { TestMartingale } from './drift/martingale.js';
export {
  type DriftPoint,
  type DriftState,
  DriftStream,
  type DriftStreamOptions,
  type StreamScore,
} from './drift/stream.js';
export { type ErrorCode, isAbort, SegcanaryError } from './errors.js';
export { type Advice, adviceOf, adviceSentence, type Share } from './evaluate/advice.js';
export { calibrationErrorOf, expectedSegmentationCalibrationError } from './evaluate/calibration-error.js';
export { type CohortCase, readCohort } from './evaluate/cohort.js';
export {
  type CompareOptions,
  type Comparison,
  compare,
  type PairedDifference,
  type PairedDifferences,
} from './evaluate/compare.js';
export {
  type ConformalValidity,
  type ConformalValidityOptions,
  conformalValidity,
  simulatedValidity,
} from './evaluate/conformal-validity.js';
export {
  type DetectorRecipe,
  type Evaluation,
  evaluationOf,
  type JudgedMethod,
  type ScoredMethod,
} from './evaluate/evaluation.js';
export { type Judgement, judge, type ScoredCase } from './evaluate/judge.js';
export { clopperPearsonInterval, wilsonInterval } from './evaluate/proportions.js';
export {
  type BoundCoverage,
  boundCoverage,
  type EstimatedScan,
  meanAbsoluteError,
  type QualityStatistics,
  qualityStatistics,
} from './evaluate/quality-statistics.js';
export { auroc, averagePrecision, detectionError, falsePositiveRate, rejectionsAt } from './evaluate/ranking.js';
export { type Judged, riskCoverageAreas, riskCoverageCurve } from './evaluate/risk-coverage.js';
export { Explainer } from './explain/explainer.js';
export { caseNameOf } from './formats/dicom/case-name.js';
export { FoundSeries } from './formats/dicom/found-series.js';
export type { NiftiGeometry } from './formats/nifti/geometry.js';
export { type WriteNiftiOptions, writeNifti } from './formats/nifti/write.js';
export { openScan } from './formats/open.js';
export type { ChannelSource, ScanSource, SliceReading, SliceSource } from './formats/scan-source.js';
export type { Algorithm, ImageDescription } from './formats/volume-writer.js';
export { type CalibrateJobOptions, type CalibrationResult, calibrateDetector } from './jobs/calibrate.js';
export { type CalibrateQualityOptions, calibrateQuality, type QualityCalibration } from './jobs/calibrate-quality.js';
export { type CohortInputOptions, cohortInputs } from './jobs/cohort-inputs.js';
export type { SeriesOptions } from './jobs/dicom-inputs.js';
export { type DicomObjectsOptions, type WrittenObjects, writeDicomObjects } from './jobs/dicom-objects.js';
export type { ObjectsOutput } from './jobs/dicom-output.js';
export {
  type EvaluateCohortOptions,
  type EvaluationResult,
  type EvaluationResults,
  evaluateCohort,
} from './jobs/evaluate.js';
export { type WriteEvaluationOptions, writeEvaluation } from './jobs/evaluation-folder.js';
export { controlFalseDiscoveries, type FalseDiscoveries } from './jobs/false-discoveries.js';
export { type FitJobOptions, type FitResult, fitDetector } from './jobs/fit.js';
export { fitIntensityDetector, type IntensityDetectorOptions } from './jobs/fit-intensities.js';
export { type OutputDetectorOptions, saveOutputDetector } from './jobs/fit-outputs.js';
export { identifyInput, type KnownScan, SeenScans } from './jobs/identities.js';
export { type ResolveOptions, resolveInputs, type ScanInput } from './jobs/inputs.js';
export { type ListedSeries, listSeries } from './jobs/list-series.js';
export { patientsOf, readPatients } from './jobs/patients.js';
export { type ScoreJobOptions, scoreScans } from './jobs/score.js';
export { type CohortScores, type ScoreCohortOptions, scoreCohort } from './jobs/score-cohort.js';
export { type SegmenterJobOptions, type SegmentJobOptions, segmenterOf, segmentScans } from './jobs/segment.js';
export { measureScan, type SimulateScanOptions, simulateScan } from './jobs/simulate.js';
export { type DetectorCheck, type DetectorVerification, verifyDetector } from './jobs/verify.js';
export { DEFAULT_LIMITS, type ScanLimits } from './limits.js';
export { roundHalfToEven } from './maths/round.js';
export { gaussianWindow } from './maths/window/gaussian-window.js';
export { layTiles, tileOrigins } from './maths/window/tiling.js';
export { rememberingConstants } from './network/constant-patches.js';
export { type Encoder, openEncoder } from './network/encoder.js';
export {
  type EvaluationSource,
  type ModelSource,
  openEvaluationModel,
  openModel,
  openSegmentationModel,
  type SegmentationSource,
} from './network/folder.js';
export { openBlas } from './network/inference/blas.js';
export type { InferenceOptions, WithInference } from './network/inference/options.js';
export { closeInference, type InferenceSession, openSession, type Tensor } from './network/inference/session.js';
export { cutAtTap } from './network/onnx/cut.js';
export { readPlan } from './network/plans/read.js';
export { openSampler, type Passes, type Sampler, type SamplerOptions } from './network/sampler.js';
export {
  type FoldModel,
  openSegmenter,
  type PatchOutput,
  type Segmenter,
  type SegmenterOptions,
} from './network/segmenter.js';
export { listTaps, type Tap } from './network/taps.js';
export {
  type EmbeddingOptions,
  embedded,
  judged,
  judgedByFeatures,
  type LabellingOptions,
  labelled,
  type PreparationOptions,
  prepared,
  type ReadingOptions,
  scanned,
  segmented,
  spooled,
  type VerdictChainOptions,
} from './pipeline.js';
export type { ImageReader, Plan, SegmentationPlan } from './plan.js';
export type { ServerDetector, ServerDrift } from './protocol/detectors.js';
export type { ScanEvent } from './protocol/events.js';
export type { ServerRecord, ServerRecordList } from './protocol/record.js';
export type { RecordedScore, RemoteScore } from './protocol/score.js';
export { heat, type Layer, outline, type PictureOptions, slicePicture } from './report/picture.js';
export type * from './results.js';
export { isFailure, type ScanFailure, type SegmentResult, type WarningListener } from './results.js';
export { embedScan } from './scans/embed.js';
export type { Plane } from './scans/look.js';
export type { ScanOptions } from './scans/run.js';
export { type ScoreScanOptions, scoreScan } from './scans/score.js';
export { type SegmentScanOptions, segmentingAlgorithm, segmentScan } from './scans/segment.js';
export { SHIFTS, shiftsFor } from './simulate/registry.js';
export type { CtSlice, Grade, Modality, ScanStatistics, Shift, SliceChange } from './simulate/shift.js';
export { SliceShifter, type SliceShifterOptions } from './simulate/slice-shifter.js';
export { type AffordOptions, afford } from './stages/afford.js';
export { aggregate } from './stages/aggregate.js';
export { assemble } from './stages/assemble.js';
export { Chain, chain, type Flow, flow, type Link, type RunOptions } from './stages/chain.js';
export { type CheckOptions, check } from './stages/check.js';
export { all, type Collector, collect, drain, last } from './stages/collectors.js';
export { Decided, decide } from './stages/decide.js';
export { type DistanceOptions, distance } from './stages/distance.js';
export { type EncodeOptions, encode } from './stages/encode.js';
export { branch, type Fork, fork } from './stages/fork.js';
export { type JoinOptions, join } from './stages/join.js';
export { type LabelOptions, label } from './stages/label.js';
export { type LoadOptions, load } from './stages/load.js';
export { type MahalanobisOptions, mahalanobis } from './stages/mahalanobis.js';
export { type MeasureOptions, measure } from './stages/measure.js';
export { type NormaliseOptions, normalise } from './stages/normalise.js';
export { observe } from './stages/observe.js';
export { type PatchOptions, patch } from './stages/patch.js';
export { pool } from './stages/pool.js';
export { type PatchPredictor, type PredictOptions, predict, tapped } from './stages/predict.js';
export type { Progress, ProgressListener } from './stages/progress.js';
export { type ResampleOptions, resample } from './stages/resample.js';
export { type RestoreOptions, restore } from './stages/restore.js';
export { type SaveOptions, type SaveScanOptions, save, saveLabels, saveScan } from './stages/save.js';
export { type SaveProbabilitiesOptions, saveProbabilities } from './stages/save-probabilities.js';
export { type ScoreOptions, score } from './stages/score.js';
export { type SimulateOptions, simulate } from './stages/simulate.js';
export { type SpoolOptions, spool } from './stages/spool.js';
export { type Stage, type StageBody, type StageOptions, stage } from './stages/stage.js';
export { thin } from './stages/thin.js';
export { type UncropOptions, uncrop } from './stages/uncrop.js';
export { version } from './version.js';
