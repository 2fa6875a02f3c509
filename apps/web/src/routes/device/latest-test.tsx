import { Loader, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { useQuery } from "@tanstack/react-query";
import { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { type Phase, Phases } from "../../ui/phases.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";

const entriesRead = 50;
const TestResult = z.object({ phases: z.array(z.object({ phase: z.string(), ms: z.number(), ok: z.boolean() })) });

/** How the latest test of the connection went, phase by phase; and the one that was started on this page, while it runs. */
export function LatestTest({ device, run_id }: { device: Device; run_id: string | undefined }) {
	const api = useApi();
	const permitted = usePermitted();
	const params = { id: device.id };
	const history = useQuery({
		queryKey: ["devices", device.id, "health", "latest"],
		queryFn: ({ signal }) => api.devices.listDeviceHealth({ params, query: { limit: entriesRead } }, { signal }),
	});
	// Where the role may not see runs the history tells in the end.
	const started = useQuery({
		queryKey: ["runs", run_id, "test", device.id],
		queryFn: async ({ signal }) => {
			const query = { device_id: device.id, page_size: 1 };
			return (await api.tasks.listOperations({ params: { id: run_id ?? "" }, query }, { signal })).items[0] ?? null;
		},
		enabled: run_id !== undefined && permitted("runs:read"),
		retry: false,
	});
	const entries = history.data?.items ?? [];
	const told = entries.find((entry) => entry.run_id === run_id && run_id !== undefined);
	const [newest] = entries;
	// A backup tells its phases only by failing in one.
	const latest = newest?.error ? newest : entries.find(({ phases }) => phases.length > 0);
	const operation = started.data ?? undefined;
	const running =
		run_id !== undefined && told === undefined && (operation === undefined || !isOver(operation)) && !started.isError;

	return (
		<Panel title="Last contact">
			<div className="nc-panel-body" aria-live="polite" style={{ fontSize: "var(--mantine-font-size-sm)" }}>
				{history.isError && <ProblemAlert error={history.error} onRetry={() => history.refetch()} />}
				{running ? (
					<div className="nc-state">
						<Loader size={14} />
						{operation?.status === "running" ? `Talking to ${device.name}…` : "Waiting for a worker…"}
						<RunLink id={run_id} />
					</div>
				) : operation !== undefined && isOver(operation) ? (
					<Result
						phases={phasesOf(operation)}
						error={operation.error?.message ?? operation.skip_reason}
						at={operation.finished_at ?? device.updated_at}
						run_id={operation.run_id}
					/>
				) : latest !== undefined ? (
					<Result {...latest} />
				) : (
					history.isSuccess && (
						<Text size="sm" c="dimmed">
							{newest === undefined ? (
								"Nobody has contacted the device yet."
							) : (
								<>
									A backup reached it <Ago at={newest.at} />.
								</>
							)}
							{permitted("devices:test") && " A test logs in, reads who the device is, and shows each phase here."}
						</Text>
					)
				)}
			</div>
		</Panel>
	);
}

function isOver({ status }: RunOperation): boolean {
	return status !== "pending" && status !== "running";
}

function phasesOf({ result }: RunOperation): Phase[] {
	return TestResult.safeParse(result).data?.phases ?? [];
}

function Result({
	phases,
	error,
	at,
	run_id,
}: {
	phases: readonly Phase[];
	error: string | null | undefined;
	at: string;
	run_id: string | null;
}) {
	const took = phases.reduce((sum, { ms }) => sum + ms, 0);
	return (
		<>
			<div className="nc-state" style={{ marginBottom: 8, flexWrap: "wrap" }}>
				{error ? (
					<State tone="bad" icon="cross" word="Failed" />
				) : (
					<State tone="good" icon="ok" word={`Test passed in ${duration(took)}`} />
				)}
				<span className="nc-dim">
					<Ago at={at} />
				</span>
				{run_id !== null && <RunLink id={run_id} />}
			</div>
			{phases.length > 0 && <Phases phases={phases} label="Phases of the contact" />}
			{error && (
				<Text size="sm" mt={8} className="nc-bad nc-break">
					{visibleLine(error)}
				</Text>
			)}
		</>
	);
}

function RunLink({ id }: { id: string }) {
	if (!usePermitted()("runs:read")) return null;
	return (
		<TextLink to="/runs/$id" params={{ id }} size="sm">
			Run
		</TextLink>
	);
}
