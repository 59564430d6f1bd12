import { describeNodeRuntime } from './node-runtime.suite.js';
import { ProcessRuntimeUnderTest } from './node-runtime-process.js';

describeNodeRuntime('the process runtime', () => ProcessRuntimeUnderTest.open());
