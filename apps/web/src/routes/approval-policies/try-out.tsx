import { Button, Group, NumberInput, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { EvaluationResult } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { State } from "../../ui/state.tsx";
import { RiskPanel } from "../approval/risk-panel.tsx";
import { useGroupNames } from "./policy-form.tsx";
import type { PoliciesSearch } from "./search.ts";
import { needsOf } from "./words.ts";

type Search = z.output<typeof PoliciesSearch>;
type Tried = Pick<Search, "kind" | "reads" | "devices" | "group" | "no_rollback" | "emulated" | "commands">;

const kindWord = /^[a-z][a-z0-9_]*$/;

/** What a plan would need by the policies as they are; the address keeps what is tried. */
export function TryOut({ search, onTry }: { search: Search; onTry: (tried: Tried) => void }) {
	const api = useApi();
	const groups = useGroupNames();
	const [draft, setDraft] = useState({
		kind: search.kind ?? "deploy",
		reads: search.reads ?? false,
		devices: search.devices ?? 1,
		group: search.group ?? [],
		no_rollback: search.no_rollback ?? 0,
		emulated: search.emulated ?? 0,
		commands: search.commands ?? "",
	});
	const { kind, reads = false, devices = 1, group = [], no_rollback = 0, emulated = 0, commands = "" } = search;
	const tried = useQuery({
		queryKey: ["approval_policies", "try", kind, reads, devices, group, no_rollback, emulated, commands],
		queryFn: ({ signal }) =>
			api.alerts.evaluateApprovalPolicies(
				{
					body: {
						kind: kind ?? "deploy",
						writes: !reads,
						devices: [{ count: devices, groups: group }],
						without_rollback: no_rollback,
						emulated_rollback: emulated,
						commands: commands.split("\n").filter((line) => line.trim() !== ""),
					},
				},
				{ signal },
			),
		enabled: kind !== undefined,
	});
	const number = (value: string | number) => (typeof value === "number" ? value : 0);

	function submit(event: FormEvent) {
		event.preventDefault();
		onTry({
			kind: draft.kind,
			reads: draft.reads || undefined,
			devices: draft.devices,
			group: draft.group.length === 0 ? undefined : draft.group,
			no_rollback: draft.no_rollback || undefined,
			emulated: draft.emulated || undefined,
			commands: draft.commands.trim() === "" ? undefined : draft.commands,
		});
	}

	return (
		<Panel title="What would this need?">
			<form className="nc-panel-body" onSubmit={submit} aria-label="What would this need?">
				<Group gap="sm" align="start">
					<TextInput
						label="Kind of change"
						w={150}
						maxLength={63}
						value={draft.kind}
						error={kindWord.test(draft.kind) ? undefined : "A word such as deploy"}
						onChange={({ currentTarget }) => setDraft({ ...draft, kind: currentTarget.value })}
					/>
					<NumberInput
						label="Devices"
						w={100}
						min={0}
						max={50_000}
						allowDecimal={false}
						value={draft.devices}
						onChange={(value) => setDraft({ ...draft, devices: number(value) })}
					/>
					<TagsInput
						label="In the groups"
						miw={180}
						data={groups}
						value={draft.group}
						onChange={(value) => setDraft({ ...draft, group: value })}
					/>
					<NumberInput
						label="Without rollback"
						w={150}
						min={0}
						max={50_000}
						allowDecimal={false}
						value={draft.no_rollback}
						onChange={(value) => setDraft({ ...draft, no_rollback: number(value) })}
					/>
					<NumberInput
						label="Emulated rollback"
						w={160}
						min={0}
						max={50_000}
						allowDecimal={false}
						value={draft.emulated}
						onChange={(value) => setDraft({ ...draft, emulated: number(value) })}
					/>
					<Textarea
						label="Commands"
						placeholder="no router bgp 65001"
						autosize
						minRows={1}
						maxRows={6}
						maxLength={2_000}
						miw={220}
						value={draft.commands}
						onChange={({ currentTarget }) => setDraft({ ...draft, commands: currentTarget.value })}
					/>
				</Group>
				<Group gap="md" mt="sm">
					<Button type="submit" disabled={!kindWord.test(draft.kind)} loading={tried.isFetching}>
						Try
					</Button>
					<Switch
						size="xs"
						label="It only reads"
						checked={draft.reads}
						onChange={({ currentTarget }) => setDraft({ ...draft, reads: currentTarget.checked })}
					/>
				</Group>
			</form>
			{tried.isError && <ProblemAlert error={tried.error} onRetry={() => void tried.refetch()} />}
			{tried.data !== undefined && <Result result={tried.data} />}
		</Panel>
	);
}

function Result({ result }: { result: EvaluationResult }) {
	return (
		<div className="nc-panel-body" style={{ display: "grid", gap: "var(--nc-gap)" }} aria-live="polite">
			<div>
				{result.needed ? (
					<State tone="busy" icon="clock" word={visibleLine(needsOf(result.stages))} />
				) : (
					<State tone="good" icon="ok" word="No approval" />
				)}
				{result.needed && <span className="nc-dim nc-small"> within {result.expires_in_minutes} min</span>}
			</div>
			<RiskPanel risk={result.risk} />
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the page is narrow */}
			<section className="nc-scroll" aria-label="Policies, one by one" tabIndex={0}>
				<table className="nc-table">
					<thead>
						<tr>
							<th scope="col">Policy</th>
							<th scope="col">Decides</th>
							<th scope="col">Why</th>
						</tr>
					</thead>
					<tbody>
						{result.policies.map(({ policy_id, name, matches, why }) => (
							<tr key={policy_id}>
								<td className="nc-break">{visibleLine(name)}</td>
								<td className="nc-tight">
									{matches ? <State tone="good" icon="ok" word="Yes" /> : <State tone="calm" icon="minus" word="No" />}
								</td>
								<td className="nc-break">{visibleLine(why)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</div>
	);
}
