// The acceptance load test. It knows nothing of Kubernetes: everything comes from the plan, a JSON file named by
// the environment variable PLAN and written by implementation_dag/acceptance/plan.py, which validates each value:
//   targets          [base URL, ...]      every one gets exactly requestsPerHost requests, in turn
//   paths            [{path, status: [expected codes]}, ...]   request n of a target asks for path n modulo their number
//   minSuccess, maxP95Ms                  numbers as text, put into the thresholds
//   bodyLimitBytes, bodiesPerHost (how many are kept), timeoutSeconds, userAgent, virtualUsers, requestsPerHost, summary (file to write)
// Each request is one JSON line of console.log (bodies in base64, cut at the limit), read back by records.py.
import { check } from 'k6';
import encoding from 'k6/encoding';
import exec from 'k6/execution';
import http from 'k6/http';
import { Trend } from 'k6/metrics';

const plan = JSON.parse(open(__ENV.PLAN));
const total = plan.targets.length * plan.requestsPerHost;
const successLimit = `rate>=${plan.minSuccess}`;
const latencyLimit = `p(95)<=${plan.maxP95Ms}`;

// k6's http_req_duration of every request, but for two cases: a request that failed before it reached a server (0 ms
// there) has no latency, it would only make the percentiles look better; one that ran out of time counts as long.
const answerTime = new Trend('answer_time', true);
const ranOutOfTime = [1050, 1211]; // k6's error_code: request timeout, dial timeout

export const options = {
  scenarios: {
    acceptance: {
      executor: 'shared-iterations',
      vus: plan.virtualUsers,
      iterations: total,
      // The worst case, every request running into its time limit, still makes all of them.
      maxDuration: `${Math.ceil((total / plan.virtualUsers) * (plan.timeoutSeconds + 1)) + 30}s`,
      gracefulStop: `${plan.timeoutSeconds}s`,
    },
  },
  thresholds: thresholds(),
  summaryTrendStats: ['count', 'min', 'avg', 'med', 'max', 'p(50)', 'p(90)', 'p(95)', 'p(99)'],
  insecureSkipTLSVerify: false,
  discardResponseBodies: false,
  userAgent: plan.userAgent,
};

// Limits for all requests and for each target. k6 reports figures by tag only where a threshold names the tag, so
// every (target, path) has one that always holds.
function thresholds() {
  const limits = { checks: [successLimit], answer_time: [latencyLimit] };
  plan.targets.forEach((_, t) => {
    limits[`checks{target:t${t}}`] = [successLimit];
    limits[`answer_time{target:t${t}}`] = [latencyLimit];
    plan.paths.forEach((__, p) => {
      limits[`checks{target:t${t},path:p${p}}`] = ['rate>=0'];
      limits[`answer_time{target:t${t},path:p${p}}`] = ['max>=0'];
    });
  });
  return limits;
}

export default function () {
  const iteration = exec.scenario.iterationInTest;
  const target = iteration % plan.targets.length;
  const n = Math.floor(iteration / plan.targets.length);
  const path = n % plan.paths.length;
  const expected = plan.paths[path].status;
  const tags = { target: `t${target}`, path: `p${path}` };

  const began = Date.now();
  const response = http.get(plan.targets[target] + plan.paths[path].path, {
    tags: Object.assign({ name: `t${target}p${path}` }, tags),
    redirects: 0, // a redirect is an answer to be judged, never a way to another host
    responseType: 'binary',
    timeout: `${plan.timeoutSeconds}s`,
  });
  const ok = check(response, { 'status is expected': (r) => expected.includes(r.status) }, tags);
  let ms = response.status ? response.timings.duration : null;
  if (ranOutOfTime.includes(response.error_code)) {
    ms = Math.max(Date.now() - began, response.timings.duration);
  }
  if (ms !== null) {
    answerTime.add(ms, tags);
  }
  const body = response.body || new ArrayBuffer(0);
  console.log(
    JSON.stringify({
      target,
      path,
      n: n + 1,
      status: response.status,
      ok,
      ms,
      bytes: body.byteLength,
      body: n < plan.bodiesPerHost ? encoding.b64encode(body.slice(0, plan.bodyLimitBytes)) : null,
      error: response.error,
      location: response.headers['Location'] || '',
    }),
  );
}

export function handleSummary(data) {
  const figures = (tags) => ({
    latency: (data.metrics[`answer_time${tags}`] || { values: {} }).values,
    success: (data.metrics[`checks${tags}`] || { values: { rate: 0, passes: 0, fails: 0 } }).values,
  });
  const limits = (tags) => ({
    success: held(data.metrics[`checks${tags}`], successLimit),
    latency: held(data.metrics[`answer_time${tags}`], latencyLimit),
  });
  const summary = {
    durationMs: data.state.testRunDurationMs,
    all: Object.assign(figures(''), { held: limits('') }),
    targets: plan.targets.map((_, t) =>
      Object.assign(figures(`{target:t${t}}`), {
        held: limits(`{target:t${t}}`),
        paths: plan.paths.map((__, p) => figures(`{target:t${t},path:p${p}}`)),
      }),
    ),
  };
  return { [plan.summary]: JSON.stringify(summary) };
}

// A limit that k6 had nothing to hold against (no request made, none answered) has not been held.
function held(metric, limit) {
  if (metric && metric.values.count === 0) {
    return false;
  }
  return Boolean(metric && metric.thresholds && metric.thresholds[limit] && metric.thresholds[limit].ok);
}
