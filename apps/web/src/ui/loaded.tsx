import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./problem.tsx";
import { RowsLoading } from "./rows-loading.tsx";

/** What a question was answered with; until then rows as high as the answer will be, and where it failed the reason with a way to ask again. */
export function Loaded<T>({
	query,
	rows = 4,
	children,
}: {
	query: UseQueryResult<T>;
	rows?: number;
	children: (answer: T) => ReactNode;
}) {
	if (query.data !== undefined) return children(query.data);
	if (query.isError) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
	return <RowsLoading rows={rows} />;
}
