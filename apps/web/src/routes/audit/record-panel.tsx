import { ActionIcon, Group } from "@mantine/core";
import type { AuditRecord } from "@netconductor/contracts/audit/api";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { useApi } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Moment } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import styles from "./audit.module.css";
import { type Change, changesOf, valueText } from "./changes.ts";
import { OutcomeState } from "./outcome.tsx";
import { ResourceLink } from "./resource-link.tsx";

const mostChanges = 300;

/** One record whole: who did what, what it made different, with which request. */
export function RecordPanel({ id, known }: { id: string; known: AuditRecord | undefined }) {
	const api = useApi();
	const queries = useQueryClient();
	const { data: record, error } = useQuery({
		queryKey: ["audit", "one", id],
		queryFn: ({ signal }) => api.audit.getAuditRecord({ params: { id } }, { signal }),
		initialData: known,
		// What is recorded does not change.
		staleTime: Number.POSITIVE_INFINITY,
	});
	return (
		<aside className="nc-panel" aria-label="Record">
			<div className="nc-panel-head">
				<h2 style={{ margin: 0, fontSize: "var(--mantine-h2-font-size)" }}>
					{visibleLine(record?.summary ?? "Record")}
				</h2>
				<Group gap="xs" fz="sm">
					{record !== undefined && <OutcomeState outcome={record.outcome} />}
					<ActionIcon
						variant="subtle"
						color="gray"
						aria-label="Close the record"
						renderRoot={(props) => (
							<Link
								{...props}
								to="/audit"
								search={(before) => ({ ...before, record: undefined })}
								replace
								resetScroll={false}
							/>
						)}
					>
						<Icon name="cross" />
					</ActionIcon>
				</Group>
			</div>
			{error !== null && (
				<ProblemAlert
					error={error}
					onRetry={() => void queries.invalidateQueries({ queryKey: ["audit", "one", id] })}
				/>
			)}
			{record === undefined ? error === null && <RowsLoading /> : <RecordFacts record={record} />}
		</aside>
	);
}

function RecordFacts({ record }: { record: AuditRecord }) {
	const { actor, request, before, after } = record;
	const changes = useMemo(() => changesOf(before, after), [before, after]);
	return (
		<>
			<dl className="nc-facts nc-panel-body">
				<dt>When</dt>
				<dd>
					<Moment at={record.occurred_at} />
				</dd>
				<dt>Who</dt>
				<dd>
					<TextLink
						to="/audit"
						search={{ actor: ["user", "service_account"].includes(actor.kind) ? actor.id : actor.name }}
						size="sm"
						title="Everything they did"
					>
						{visibleLine(actor.name)}
					</TextLink>{" "}
					<span className="nc-dim">{actor.kind.replaceAll("_", " ")}</span>
				</dd>
				{actor.ip !== undefined && (
					<>
						<dt>From</dt>
						<dd className="nc-mono">{visibleLine(actor.ip)}</dd>
					</>
				)}
				<dt>Operation</dt>
				<dd className="nc-mono">{visibleLine(`${record.service}.${record.operation}`)}</dd>
				{record.resource_type !== undefined && (
					<>
						<dt>On</dt>
						<dd>
							{record.resource_type.replaceAll("_", " ")} <ResourceLink about={record} />
							{record.resource_id !== undefined && (
								<>
									{" · "}
									<TextLink to="/audit" search={{ resource_id: record.resource_id }} size="sm" underline="always">
										its records
									</TextLink>
								</>
							)}
						</dd>
					</>
				)}
				{record.error_code !== undefined && (
					<>
						<dt>Error</dt>
						<dd className="nc-mono nc-bad">{visibleLine(record.error_code)}</dd>
					</>
				)}
				{record.outcome === "unknown" && (
					<>
						<dt>Outcome</dt>
						<dd>The process ended before the operation did; look at what it was about.</dd>
					</>
				)}
			</dl>
			<Part title={changes.length === 0 ? "No field was changed" : `${count(changes.length, "change")} of fields`}>
				{changes.length > 0 && <Changes changes={changes} />}
			</Part>
			{request !== undefined && request !== null && (
				<Part title="Request">
					{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
					<section className={`nc-code ${styles.text}`} aria-label="Request" tabIndex={0}>
						{visibleText(JSON.stringify(request, null, 2))}
					</section>
				</Part>
			)}
			<dl className="nc-facts nc-panel-body">
				{record.request_id !== undefined && (
					<>
						<dt>Request id</dt>
						<dd className="nc-mono">{visibleLine(record.request_id)}</dd>
					</>
				)}
				{record.trace_id !== undefined && (
					<>
						<dt>Trace id</dt>
						<dd className="nc-mono">{visibleLine(record.trace_id)}</dd>
					</>
				)}
				<dt>Position</dt>
				<dd>
					{record.position}, recorded <Moment at={record.recorded_at} />
				</dd>
				<dt>Hash</dt>
				<dd className="nc-mono nc-small">{visibleLine(record.hash)}</dd>
			</dl>
			<div className="nc-panel-body">
				<CopyButton text={() => JSON.stringify(record, null, 2)} label="Copy as JSON" />
			</div>
		</>
	);
}

function Part({ title, children }: { title: string; children: ReactNode }) {
	return (
		<section aria-label={title}>
			<div className="nc-panel-head">
				<h3 className="nc-small" style={{ margin: 0 }}>
					{title}
				</h3>
			</div>
			{children}
		</section>
	);
}

const kindLooks = {
	added: { icon: "plus", tone: "nc-good", word: "added" },
	removed: { icon: "minus", tone: "nc-bad", word: "removed" },
	changed: { icon: "edit", tone: "nc-warn", word: "changed" },
} as const;

function Changes({ changes }: { changes: readonly Change[] }) {
	return (
		<>
			<table className={styles.changes}>
				<colgroup>
					<col style={{ width: "40%" }} />
					<col />
					<col />
				</colgroup>
				<thead>
					<tr>
						<th scope="col">Field</th>
						<th scope="col">Before</th>
						<th scope="col">After</th>
					</tr>
				</thead>
				<tbody>
					{changes.slice(0, mostChanges).map((change, index) => {
						const { icon, tone, word } = kindLooks[change.kind];
						return (
							// biome-ignore lint/suspicious/noArrayIndexKey: a path may stand there more than once, and the list never changes
							<tr key={index}>
								<th scope="row">
									<span className={`nc-state ${tone}`} style={{ whiteSpace: "normal" }}>
										<Icon name={icon} size={12} />
										<span className="nc-visually-hidden">{word}: </span>
										<span className="nc-break">{visibleLine(change.path)}</span>
									</span>
								</th>
								<Value className={styles.before} shown={change.kind !== "added"} value={change.before} />
								<Value className={styles.after} shown={change.kind !== "removed"} value={change.after} />
							</tr>
						);
					})}
				</tbody>
			</table>
			{changes.length > mostChanges && (
				<p className="nc-panel-body nc-dim">
					{count(changes.length - mostChanges, "field")} more; copy the record as JSON to see all.
				</p>
			)}
		</>
	);
}

function Value({ className, shown, value }: { className: string | undefined; shown: boolean; value: unknown }) {
	if (!shown) return <td />;
	return (
		<td className={className}>
			{value === null ? (
				<span className="nc-dim">none</span>
			) : (
				<span className={styles.value}>{visibleText(valueText(value))}</span>
			)}
		</td>
	);
}
