import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule, ScheduleKind } from "@netconductor/contracts/scheduling/model";
import { timingWords } from "@netconductor/contracts/scheduling/words";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Fact } from "../../ui/fact.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { Moment } from "../../ui/time.tsx";
import { selected } from "../../ui/words.ts";
import { selectionOf } from "../schedules/schedule-values.ts";
import styles from "../schedules/schedules.module.css";

const overlaps = { skip: "The next one is skipped", queue: "One waits for its end", run_anyway: "It is run anyway" };
const missed = { run_once: "One run stands for all", run_all: "Each is made up for", skip: "Left out" };
const skipped = { run_after: "Runs right after the gap", skip: "Does not run that day" };
const repeated = { first: "Runs the first time", both: "Runs both times" };
const helds = { wait: "Waits until it may run", skip: "Is skipped" };

/** What a schedule does, when, and by which rules. */
export function Facts({ schedule, kind }: { schedule: Schedule; kind: ScheduleKind | undefined }) {
	const { timing, max_runs, runs, start_at, end_at, jitter_s, description } = schedule;
	const { select: _select, exclude: _exclude, stack, mop, ...rest } = schedule.params;
	const select = selectionOf(schedule.params);
	const exclude = selectionOf(schedule.params, "exclude");
	const more = Object.values(rest).some((value) => value !== null && value !== "");
	const onTheWall = timing.type !== "interval";
	return (
		<Panel title="Facts">
			<dl className="nc-facts nc-panel-body">
				{description !== "" && <Fact name="Description">{visibleLine(description)}</Fact>}
				<Fact name="What">
					{visibleLine(kind?.label ?? schedule.kind)}
					{select !== undefined && `, ${visibleLine(selected(select))}`}
				</Fact>
				{exclude !== undefined && <Fact name="Left out">{visibleLine(selected(exclude))}</Fact>}
				{typeof stack === "string" && <StackFact stack={stack} />}
				{typeof mop === "string" && <MopFact mop={mop} />}
				{more && (
					<Fact name="Parameters">
						<pre className={`nc-mono ${styles.params}`}>{visibleText(JSON.stringify(rest, null, 2))}</pre>
					</Fact>
				)}
				<Fact name="When">{visibleLine(`${timingWords(timing)}, ${schedule.time_zone}`)}</Fact>
				<Fact name="Runs as">{visibleLine(schedule.owner)}</Fact>
				<Fact name="Runs so far">{max_runs === null ? runs : `${runs} of ${max_runs}`}</Fact>
				{start_at !== null && (
					<Fact name="Not before">
						<Moment at={start_at} />
					</Fact>
				)}
				{end_at !== null && (
					<Fact name="Not after">
						<Moment at={end_at} />
					</Fact>
				)}
				{jitter_s > 0 && <Fact name="Jitter">up to {jitter_s} s later</Fact>}
				{onTheWall && <Fact name="Skipped by the clocks">{skipped[schedule.skipped_hour]}</Fact>}
				{onTheWall && <Fact name="Shown twice">{repeated[schedule.repeated_hour]}</Fact>}
				<Fact name="While the one before runs">{overlaps[schedule.overlap]}</Fact>
				<Fact name="Missed while down">
					{missed[schedule.missed]}
					{schedule.missed === "run_all" && `, at most ${schedule.missed_limit}`}
				</Fact>
				{schedule.changes_devices && <Fact name="Held back">{helds[schedule.held]}</Fact>}
			</dl>
		</Panel>
	);
}

function StackFact({ stack }: { stack: string }) {
	const { config } = useApi();
	const mayRead = usePermitted()("stacks:read");
	const name = useQuery({
		queryKey: ["stacks", "one", stack],
		queryFn: ({ signal }) => config.getStack({ params: { id: stack } }, { signal }),
		enabled: mayRead,
	}).data?.name;
	return (
		<Fact name="Service stack">
			{mayRead ? (
				<TextLink to="/stacks/$id" params={{ id: stack }} inherit>
					{visibleLine(name ?? stack)}
				</TextLink>
			) : (
				visibleLine(stack)
			)}
		</Fact>
	);
}

function MopFact({ mop }: { mop: string }) {
	const { config } = useApi();
	const mayRead = usePermitted()("mops:read");
	const name = useQuery({
		queryKey: ["mops", "one", mop],
		queryFn: ({ signal }) => config.getMop({ params: { id: mop } }, { signal }),
		enabled: mayRead,
	}).data?.name;
	return (
		<Fact name="Procedure">
			{mayRead ? (
				<TextLink to="/mops/$id" params={{ id: mop }} inherit>
					{visibleLine(name ?? mop)}
				</TextLink>
			) : (
				visibleLine(mop)
			)}
		</Fact>
	);
}
