import { Button, Group, SegmentedControl } from "@mantine/core";
import type { ImportResult } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type ReactNode, useState } from "react";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { State } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import style from "./import.module.css";

type Action = ImportResult["changes"][number]["action"];

const rowsAtOnce = 100;
const looks = {
	create: { tone: "good", icon: "plus", word: "New" },
	update: { tone: "busy", icon: "edit", word: "Changed" },
	unchanged: { tone: "calm", icon: "minus", word: "Unchanged" },
} as const;

/** What an import does, or did: counts, what is wrong by line, and row by row what becomes different. */
export function ResultPanel({ result, children }: { result: ImportResult; children?: ReactNode }) {
	const { problems, rows, created, updated, unchanged, dry_run } = result;
	return (
		<Panel title={dry_run ? "3. What would happen" : "What happened"}>
			<div className="nc-panel-body">
				{problems.length > 0 && (
					<Notice tone="bad" icon="warning" title={`${count(problems.length, "fault")} in ${count(rows, "row")}`}>
						<div>Nothing is imported until they are mended: all rows are taken or none.</div>
					</Notice>
				)}
				<Group gap="xl" wrap="wrap" my="xs" aria-live="polite">
					<Count amount={created} look={looks.create} />
					<Count amount={updated} look={looks.update} />
					<Count amount={unchanged} look={looks.unchanged} />
				</Group>
				{children}
			</div>
			{problems.length > 0 && <Problems problems={problems} />}
			{result.changes.length > 0 && <Changes result={result} />}
		</Panel>
	);
}

function Count({ amount, look }: { amount: number; look: (typeof looks)[Action] }) {
	return (
		<span className={style.count}>
			<strong>{amount}</strong> <State {...look} word={look.word.toLowerCase()} />
		</span>
	);
}

function Problems({ problems }: Pick<ImportResult, "problems">) {
	const [shown, setShown] = useState(rowsAtOnce);
	return (
		<div className="nc-scroll">
			<table className="nc-table" aria-label="Faults">
				<thead>
					<tr>
						<th scope="col" className="nc-tight">
							Line
						</th>
						<th scope="col" className="nc-tight">
							Column
						</th>
						<th scope="col">What is wrong</th>
					</tr>
				</thead>
				<tbody>
					{problems.slice(0, shown).map(({ row, line, column, message }) => (
						<tr key={`${row} ${line} ${column} ${message}`} data-tone="bad">
							<td>{line}</td>
							<td className="nc-mono">{visibleLine(column ?? "")}</td>
							<td className="nc-break">{visibleLine(message)}</td>
						</tr>
					))}
				</tbody>
			</table>
			<More all={problems.length} shown={shown} onMore={() => setShown(shown + rowsAtOnce)} />
		</div>
	);
}

function Changes({ result }: { result: ImportResult }) {
	const { changes, created, updated, unchanged } = result;
	const [action, setAction] = useState<Action | "all">("all");
	const [shown, setShown] = useState(rowsAtOnce);
	const some = changes.filter((change) => action === "all" || change.action === action);
	const left = created + updated + unchanged - changes.length;
	return (
		<>
			<Group px="sm" py={8} className={style.head}>
				<SegmentedControl
					size="xs"
					aria-label="Which rows"
					value={action}
					onChange={(value) => setAction(value as typeof action)}
					data={[
						{ value: "all", label: "All rows" },
						{ value: "create", label: "New" },
						{ value: "update", label: "Changed" },
						{ value: "unchanged", label: "Unchanged" },
					]}
				/>
			</Group>
			<div className="nc-scroll">
				<table className="nc-table" aria-label="Rows">
					<thead>
						<tr>
							<th scope="col" className="nc-tight">
								Row
							</th>
							<th scope="col" className="nc-tight">
								Device
							</th>
							<th scope="col" className="nc-tight">
								Becomes
							</th>
							<th scope="col">Before → after</th>
						</tr>
					</thead>
					<tbody>
						{some.slice(0, shown).map(({ row, name, action: done, fields }) => (
							<tr key={row}>
								<td>{row}</td>
								<td className="nc-tight">{visibleLine(name)}</td>
								<td>
									<State {...looks[done]} />
								</td>
								<td className="nc-break">
									<Fields fields={fields} isNew={done === "create"} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<More all={some.length} shown={shown} onMore={() => setShown(shown + rowsAtOnce)} />
			{left > 0 && <p className="nc-panel-body nc-dim">{count(left, "more row")} not listed; they are counted.</p>}
		</>
	);
}

function Fields({ fields, isNew }: { fields: ImportResult["changes"][number]["fields"]; isNew: boolean }) {
	return Object.entries(fields)
		.filter(([field, { after }]) => field !== "name" && !(isNew && isNothing(after)))
		.map(([field, { before, after }]) => (
			<span key={field} className={style.field}>
				<span className="nc-dim">{visibleLine(field)}</span>{" "}
				{!isNew && (
					<>
						<span className="nc-bad">{valueText(before)}</span>
						{" → "}
					</>
				)}
				<span className={isNew ? undefined : "nc-good"}>{valueText(after)}</span>
			</span>
		));
}

function isNothing(value: unknown): boolean {
	return value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0);
}

function valueText(value: unknown): string {
	if (value === null || value === undefined || value === "") return "none";
	if (typeof value === "boolean") return value ? "yes" : "no";
	if (Array.isArray(value)) return value.length === 0 ? "none" : visibleLine(value.join(", "));
	return visibleLine(String(value));
}

function More({ all, shown, onMore }: { all: number; shown: number; onMore: () => void }) {
	if (all <= shown) return null;
	return (
		<Group justify="center" p="sm">
			<Button variant="default" onClick={onMore}>
				Show more of {all}
			</Button>
		</Group>
	);
}
