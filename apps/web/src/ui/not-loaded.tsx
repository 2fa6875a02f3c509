import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { Empty } from "./empty.tsx";
import { Page } from "./page.tsx";
import { ProblemAlert, problemOf } from "./problem.tsx";
import { RowsLoading } from "./rows-loading.tsx";

interface Asked {
	error: unknown;
	refetch: () => unknown;
}

/** Whether there is no such thing, also not any more, or the address does not name one at all. */
export function isNone(error: unknown): boolean {
	if (error === null || error === undefined) return false;
	const { status, errors = [] } = problemOf(error);
	return (
		status === 404 || (status === 400 && errors.length > 0 && errors.every(({ path }) => path.startsWith("params.")))
	);
}

/** The page of one thing while it is read, where it could not be, and where there is none. */
export function NotLoaded({
	title,
	query,
	wayOut,
}: {
	title: string;
	query: Asked;
	/** Link to the list that it would be in. */
	wayOut: ReactNode;
}) {
	const { error } = query;
	if (error === null) {
		return (
			<Page title={title}>
				<RowsLoading />
			</Page>
		);
	}
	if (!isNone(error)) {
		return (
			<Page title={title}>
				<ProblemAlert error={error} onRetry={() => void query.refetch()} />
			</Page>
		);
	}
	const { status, detail } = problemOf(error);
	return (
		<Page title={title}>
			<section className="nc-panel" aria-label={title}>
				<Empty title={`There is no such ${title.toLowerCase()}`} actions={wayOut}>
					{status === 404 ? visibleLine(detail) : "The address is not whole."}
				</Empty>
			</section>
		</Page>
	);
}
