import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { TextLink } from "../../ui/link.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { RunStanding, runStandingWord } from "../../ui/run-standing.tsx";
import { kindWords, starterOf, tookOf } from "../../ui/run-words.ts";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";

function failedIn({ counts }: Run): number {
	return counts.failed + counts.unknown;
}

function doneIn({ counts, total }: Run): string {
	return `${total - counts.pending - counts.running} of ${total}`;
}

export const columns: Column<Run>[] = [
	{
		id: "run",
		label: "Run",
		text: ({ title }) => title,
		cell: (run) => (
			<>
				<TextLink to="/runs/$id" params={{ id: run.id }} fw={550} size="sm">
					{visibleLine(run.title)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim">
					{doneIn(run)} · <Ago at={run.created_at} /> · {starterOf(run)}
				</div>
			</>
		),
	},
	{
		id: "status",
		label: "Status",
		width: 190,
		text: runStandingWord,
		cell: (run) => <RunStanding run={run} />,
	},
	{
		id: "kind",
		label: "Kind",
		from: "asked",
		width: 150,
		text: ({ kind }) => kindWords[kind],
		cell: ({ kind }) => kindWords[kind],
	},
	{
		id: "progress",
		label: "Progress",
		from: "medium",
		width: 130,
		cell: (run) => <RunProgress run={run} />,
	},
	{
		id: "done",
		label: "Done",
		from: "medium",
		width: 100,
		number: true,
		text: doneIn,
		cell: doneIn,
	},
	{
		id: "failed",
		label: "Failed",
		from: "medium",
		width: 80,
		number: true,
		text: (run) => String(failedIn(run)),
		cell: (run) => (failedIn(run) === 0 ? "" : <span className="nc-bad">{failedIn(run)}</span>),
	},
	{
		id: "by",
		label: "Started by",
		from: "medium",
		width: 130,
		text: starterOf,
		cell: starterOf,
	},
	{
		id: "started",
		label: "Started",
		from: "medium",
		width: 120,
		text: ({ created_at }) => created_at,
		cell: ({ created_at }) => (
			<span className="nc-dim">
				<Ago at={created_at} />
			</span>
		),
	},
	{ id: "took", label: "Took", from: "wide", width: 100, text: tookOf, cell: tookOf },
	{
		id: "finished",
		label: "Ended",
		from: "asked",
		width: 120,
		text: ({ finished_at }) => finished_at ?? "",
		cell: ({ finished_at }) => finished_at !== null && <Ago at={finished_at} />,
	},
	{
		id: "id",
		label: "Id",
		from: "asked",
		width: 300,
		text: ({ id }) => id,
		cell: ({ id }) => <span className="nc-mono">{id}</span>,
	},
];
