import { describeNodeRuntime } from './node-runtime.suite.js';
import { describePause } from './node-runtime-pause.suite.js';
import { ProcessRuntimeUnderTest } from './node-runtime-process.js';

describeNodeRuntime('the process runtime', () => ProcessRuntimeUnderTest.open());
describePause('the process runtime', () => ProcessRuntimeUnderTest.open());
