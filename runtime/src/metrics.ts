import { setTimeout as sleep } from "node:timers/promises";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

type Labels<L extends string> = Record<L, string | number>;

export interface MetricDeclaration<L extends string> {
	/** Without the product's prefix, unit last: `backups_total`, `operation_seconds`. */
	name: string;
	help: string;
	labels?: readonly L[];
}

export interface GaugeDeclaration<L extends string> extends MetricDeclaration<L> {
	collect?(gauge: GaugeMetric<L>): void | Promise<void>;
}

export interface GaugeMetric<L extends string> {
	set(labels: Labels<L>, value: number): void;
	/** Forgets all label combinations. */
	clear(): void;
}

/**
 * Metrics of one process for Prometheus. Asking for a name twice gives the same metric, so that services of one process can share one.
 * Label values are bounded: beyond `max_series` combinations the rest counts as `other`, so that input from outside cannot fill the memory.
 */
export interface Metrics {
	counter<L extends string = never>(declared: MetricDeclaration<L>): { add(labels: Labels<L>, by?: number): void };
	/** `collect` fills the gauge each time it is read, for a value that would be costly to keep. */
	gauge<L extends string = never>(declared: GaugeDeclaration<L>): GaugeMetric<L>;
	histogram<L extends string = never>(
		declared: MetricDeclaration<L> & { buckets?: readonly number[] },
	): { observe(labels: Labels<L>, value: number): void };
	/** One answered request, by operation (`devices.getDevice`), never by path. */
	observeRequest(request: { operation: string; method: string; status: number; seconds: number }): void;
	/** What `/metrics` answers. */
	expose(): Promise<{ content_type: string; body: string }>;
}

export interface MetricsOptions {
	/** Most label combinations of one metric. */
	max_series?: number;
	/** Metrics of the Node process: CPU, memory, event loop lag, garbage collection; the last two from the first `expose` on. */
	process_metrics?: boolean;
}

const prefix = "netconductor_";

export function createMetrics({ max_series = 1_000, process_metrics = true }: MetricsOptions = {}): Metrics {
	const registry = new Registry();
	let watched: Promise<void> | undefined;

	/** Watching the event loop wakes the process a hundred times a second: it begins when somebody first asks, and that answer waits for a few samples. */
	async function watchProcess(): Promise<void> {
		collectDefaultMetrics({ register: registry, prefix });
		await sleep(50);
	}

	const made = new Map<string, { shape: string; metric: unknown }>();

	function once<M>(kind: string, { name, labels = [] }: MetricDeclaration<string>, make: (name: string) => M): M {
		const shape = `${kind}(${labels.join(",")})`;
		const known = made.get(name);
		if (known !== undefined && known.shape !== shape)
			throw new TypeError(`${name} is ${known.shape} already, not ${shape}`);
		const metric = known?.metric ?? make(prefix + name);
		if (known === undefined) made.set(name, { shape, metric });
		return metric as M;
	}

	const metrics: Metrics = {
		counter: (declared) =>
			once("counter", declared, (name) => {
				const { help, labels = [] } = declared;
				const counter = new Counter({ name, help, labelNames: labels, registers: [registry] });
				const bound = boundLabels(max_series);
				return { add: (values, by = 1) => counter.inc(bound(values), by) };
			}),
		gauge: <L extends string>(declared: GaugeDeclaration<L>) =>
			once("gauge", declared, (name) => {
				const { help, labels = [], collect } = declared;
				const gauge = new Gauge({
					name,
					help,
					labelNames: labels,
					registers: [registry],
					...(collect && { collect: () => collect(mine) }),
				});
				const bound = boundLabels(max_series);
				const mine: GaugeMetric<L> = {
					set: (values: Labels<L>, value: number) => gauge.set(bound(values), value),
					clear: () => gauge.reset(),
				};
				return mine;
			}),
		histogram: (declared) =>
			once("histogram", declared, (name) => {
				const { help, labels = [], buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] } = declared;
				const histogram = new Histogram({
					name,
					help,
					labelNames: labels,
					buckets: [...buckets],
					registers: [registry],
				});
				const bound = boundLabels(max_series);
				return { observe: (values, value) => histogram.observe(bound(values), value) };
			}),
		observeRequest({ operation, method, status, seconds }) {
			requests.observe({ operation, method, status }, seconds);
		},
		async expose() {
			if (process_metrics) {
				watched ??= watchProcess();
				await watched;
			}
			return { content_type: registry.contentType, body: await registry.metrics() };
		},
	};
	const requests = metrics.histogram({
		name: "http_request_seconds",
		help: "Time to answer a request, by operation of the API",
		labels: ["operation", "method", "status"],
	});
	return metrics;
}

/** Label values as they are up to `max` combinations, and `other` for what comes after. */
function boundLabels(max: number) {
	const seen = new Set<string>();
	return <L extends string>(labels: Labels<L>): Labels<L> => {
		const key = JSON.stringify(Object.values(labels));
		if (seen.has(key)) return labels;
		if (seen.size < max && key.length <= 500) {
			seen.add(key);
			return labels;
		}
		return Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])) as Labels<L>;
	};
}
