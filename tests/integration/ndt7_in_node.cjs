// Runs the npm client @m-lab/ndt7 unmodified. Node has no web workers: its own threads play them.
'use strict';

const path = require('node:path');
const {Worker: Thread} = require('node:worker_threads');

const WORKER_SCOPE = `
  const {parentPort, workerData} = require('node:worker_threads');
  globalThis.self = globalThis;
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  const code = require('node:fs').readFileSync(workerData, 'utf8');
  require('node:vm').runInThisContext(code);
  parentPort.on('message', (data) => globalThis.onmessage({data}));
`;

globalThis.Worker = class {
  constructor(file) {
    this.thread = new Thread(WORKER_SCOPE, {eval: true, workerData: file});
    this.thread.on('message', (data) => this.onmessage({data}));
  }

  postMessage(message) {
    this.thread.postMessage(message);
  }

  terminate() {
    this.thread.terminate();
  }
};

const [folder, server] = process.argv.slice(2);
const ndt7 = require(path.join(folder, 'src', 'ndt7.js'));
const found = {};

ndt7.test({
  server,
  protocol: 'ws',
  mlabDataPolicyInapplicable: true,
  downloadworkerfile: path.join(folder, 'src', 'ndt7-download-worker.js'),
  uploadworkerfile: path.join(folder, 'src', 'ndt7-upload-worker.js'),
}, {
  downloadComplete: (data) => {
    found.download = data;
  },
  uploadComplete: (data) => {
    found.upload = data;
  },
}).then((code) => {
  console.log(JSON.stringify({code, ...found}));
  process.exit(0);
});
