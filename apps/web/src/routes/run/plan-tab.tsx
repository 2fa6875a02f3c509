import { Button, Select } from "@mantine/core";
import { undoTimerOf, undoTimerWords } from "@netconductor/contracts/devices/change";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { type ReactNode, useMemo, useState } from "react";
import { usePermitted } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { UnifiedDiff } from "../../ui/diff/unified-diff.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { count, withoutDevice } from "../../ui/words.ts";
import { dangersOf, orderOf, type PlanGroup, type PlannedChange, planOf, planStepOf, waysOf } from "./plan-groups.ts";
import style from "./run.module.css";
import { hasEnded, useOperations } from "./use-live-run.ts";

const groupsAtFirst = 20;
const namesAtFirst = 12;

const undoLooks: Readonly<Record<PlannedChange["undo"]["kind"], Look>> = {
	native: { tone: "good", icon: "ok", word: "Taken back by the device" },
	emulated: { tone: "warn", icon: "warning", word: "Taken back by NetConductor" },
	none: { tone: "bad", icon: "cross", word: "Cannot be taken back" },
};

/** What the run would change: devices of the same difference together, with the exact commands and how they would be undone. */
export function PlanTab({ run }: { run: Run }) {
	const operations = useOperations(run.id);
	const [most, setMost] = useState(groupsAtFirst);
	const step = planStepOf(run);
	const plan = useMemo(
		() => (operations.data === undefined || step === undefined ? undefined : planOf(operations.data, step)),
		[operations.data, step],
	);
	if (plan === undefined) {
		return (
			<section className="nc-panel" aria-label="Plan">
				{operations.isError ? (
					<ProblemAlert error={operations.error} onRetry={() => operations.refetch()} />
				) : (
					<RowsLoading />
				)}
			</section>
		);
	}
	const { changes, unchanged, failed, open, total } = plan;
	const order = orderOf(plan);
	const changing = changes.reduce((sum, { devices }) => sum + devices.length, 0);
	return (
		<section className={style.groups} aria-label="Plan" aria-busy={operations.isFetching}>
			<p className="nc-dim" style={{ margin: 0 }} aria-live="polite">
				{[
					changing > 0 && `${count(changing, "device")} would change in ${count(changes.length, "way")}`,
					unchanged.length > 0 && `${unchanged.length} would stay as ${unchanged.length === 1 ? "it is" : "they are"}`,
					failed.length > 0 && `${failed.length} could not be planned`,
					open > 0 && (hasEnded(run) ? `${open} not planned` : `${open} of ${total} still to be planned`),
				]
					.filter((part) => part !== false)
					.join(" · ")}
			</p>
			{total === 0 && (
				<div className="nc-panel">
					<Empty title="Nothing is planned">There was no device to plan anything on.</Empty>
				</div>
			)}
			{order.length > 1 && (
				<Panel title="Order" actions={<span className="nc-small nc-dim">Each when all before it have ended</span>}>
					<ol className={style.order}>
						{order.map((devices) => (
							<li key={devices[0]?.device_id}>
								<Names devices={devices} />
							</li>
						))}
					</ol>
				</Panel>
			)}
			{changes.slice(0, most).map((group) => (
				<Change key={group.diff_sha256} group={group} />
			))}
			{changes.length > most && (
				<div>
					<Button variant="default" onClick={() => setMost(most + groupsAtFirst)}>
						Show {count(Math.min(groupsAtFirst, changes.length - most), "more difference")}
					</Button>
				</div>
			)}
			{failed.length > 0 && <Failed operations={failed} />}
			{unchanged.length > 0 && (
				<Panel title={`Unchanged: ${count(unchanged.length, "device")}`}>
					<div className="nc-panel-body">
						<State tone="calm" icon="minus" word="It stands there already: nothing is sent" />
						<Names devices={unchanged} />
					</div>
				</Panel>
			)}
		</section>
	);
}

function Change({ group }: { group: PlanGroup }) {
	const ways = useMemo(() => waysOf(group), [group]);
	const [chosen, setChosen] = useState(0);
	const way = ways[chosen] ?? ways[0];
	const [first] = way ?? [];
	if (first === undefined) return null;
	const { diff, diff_cut, diff_source, commands, commands_total, undo, verification } = first.change;
	const dangers = dangersOf(group);
	const dangerous = new Map(dangers.map((danger) => [danger.command, danger]));
	const title = `${count(group.devices.length, "device")} ${group.devices.length === 1 ? "changes" : "change"} like this`;
	return (
		<Panel
			title={title}
			actions={
				<span className="nc-small">
					<State {...undoLooks[undo.kind]} />
				</span>
			}
		>
			<div className="nc-panel-body">
				<Names devices={group.devices} />
			</div>
			{dangers.length > 0 && (
				<Notice tone="bad" icon="warning" title={count(dangers.length, "dangerous command")}>
					<ul>
						{dangers.map(({ command, why, level }) => (
							<li key={command}>
								<span className="nc-mono">{visibleLine(command)}</span> {visibleLine(why)}
								{level === "critical" && <strong>; the device may not come back by itself</strong>}
							</li>
						))}
					</ul>
				</Notice>
			)}
			<UnifiedDiff text={diff} label={`Difference on ${visibleLine(first.device_name)}`} />
			<div className={style.planFoot}>
				<span className="nc-small nc-dim">
					{diff_source === "device" ? "The device says so itself" : "Worked out from its running configuration"}
					{diff_cut && "; only the beginning is shown"}
				</span>
				{ways.length > 1 && (
					<Select
						size="xs"
						aria-label="Devices whose commands are shown"
						allowDeselect={false}
						value={String(chosen)}
						data={ways.map((devices, index) => ({
							value: String(index),
							label: `Commands on ${visibleLine(devices[0]?.device_name ?? "")}${devices.length > 1 ? ` and ${devices.length - 1} more` : ""}`,
						}))}
						onChange={(index) => setChosen(Number(index))}
					/>
				)}
				<Unfold label={`Exact commands (${commands_total})`}>
					<Commands commands={commands} total={commands_total} dangerous={dangerous} label="Exact commands" />
				</Unfold>
				{verification != null && (
					<Unfold label={`Verified before it is confirmed (${count(verification.lines_total, "line")})`}>
						<p className="nc-small nc-dim">
							After the push the running configuration is compared with these lines of{" "}
							{verification.templates.map(visibleLine).join(", ")}. Where one is missing, the change is taken back.
						</p>
						<Commands
							commands={verification.lines}
							total={verification.lines_total}
							one="line"
							label="Lines that are verified"
						/>
					</Unfold>
				)}
				<Unfold label="How it is undone">
					<div className={style.undo}>
						<State {...undoLooks[undo.kind]} />
						<span>{visibleLine(undo.how)}</span>
						{undo.kind !== "none" && <strong>{undoTimerWords[undoTimerOf(undo.kind)]}</strong>}
					</div>
					{undo.commands.length > 0 && (
						<Commands commands={undo.commands} total={undo.commands.length} label="Commands that undo it" />
					)}
				</Unfold>
			</div>
		</Panel>
	);
}

function Unfold({ label, children }: { label: string; children: ReactNode }) {
	return (
		<details className={style.unfold}>
			<summary>{label}</summary>
			{children}
		</details>
	);
}

function Commands({
	commands,
	total,
	dangerous,
	one = "command",
	label,
}: {
	commands: readonly string[];
	total: number;
	dangerous?: ReadonlyMap<string, { why: string }>;
	one?: string;
	label: string;
}) {
	return (
		<>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
			<section className={`nc-code ${style.said} ${style.commands}`} aria-label={label} tabIndex={0}>
				{commands.map((command, index) => {
					const danger = dangerous?.get(command.trim().replace(/\s+/g, " "));
					return (
						// biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else to be told apart by
						<div key={index} data-danger={danger !== undefined || undefined}>
							{visibleLine(command)}
							{danger !== undefined && <strong> ⚠ {visibleLine(danger.why)}</strong>}
						</div>
					);
				})}
				{total > commands.length && <div className="nc-dim">… and {count(total - commands.length, `more ${one}`)}</div>}
			</section>
			<div style={{ marginTop: 6 }}>
				<CopyButton text={visibleText(commands.join("\n"))} label="Copy" />
			</div>
		</>
	);
}

function Failed({ operations }: { operations: readonly RunOperation[] }) {
	const [whole, setWhole] = useState(false);
	const shown = whole ? operations : operations.slice(0, namesAtFirst);
	return (
		<Panel title={`Could not be planned: ${count(operations.length, "device")}`}>
			<dl className="nc-facts nc-panel-body">
				{shown.map(({ id, run_id, device_name, error, skip_reason, status }) => (
					<FailedDevice
						key={id}
						name={
							<TextLink to="/runs/$id" params={{ id: run_id }} search={{ tab: "devices", operation: id }} size="sm">
								{visibleLine(device_name)}
							</TextLink>
						}
						why={
							error !== null
								? visibleLine(withoutDevice(error.message, device_name))
								: visibleLine(skip_reason ?? (status === "cancelled" ? "Cancelled" : "Nothing is known of it"))
						}
					/>
				))}
			</dl>
			{operations.length > shown.length && (
				<div className="nc-panel-body">
					<Button variant="default" onClick={() => setWhole(true)}>
						Show all {operations.length}
					</Button>
				</div>
			)}
		</Panel>
	);
}

function FailedDevice({ name, why }: { name: ReactNode; why: string }) {
	return (
		<>
			<dt>{name}</dt>
			<dd>{why}</dd>
		</>
	);
}

/** Names of devices, each leading to its page; many are shown when asked for. */
function Names({ devices }: { devices: readonly { device_id: string; device_name: string }[] }) {
	const [whole, setWhole] = useState(false);
	const linked = usePermitted()("devices:read");
	const shown = whole ? devices : devices.slice(0, namesAtFirst);
	return (
		<div className={style.names}>
			{shown.map(({ device_id, device_name }) =>
				linked ? (
					<TextLink key={device_id} to="/devices/$id" params={{ id: device_id }} size="sm">
						{visibleLine(device_name)}
					</TextLink>
				) : (
					<span key={device_id}>{visibleLine(device_name)}</span>
				),
			)}
			{devices.length > shown.length && (
				<Button size="compact-xs" variant="default" onClick={() => setWhole(true)}>
					and {devices.length - shown.length} more
				</Button>
			)}
		</div>
	);
}
