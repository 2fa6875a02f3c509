import { Skeleton } from "@mantine/core";

/** Stands where rows will be, at their height. */
export function RowsLoading({ rows = 8 }: { rows?: number }) {
	return (
		<div className="nc-panel-body" aria-busy="true" role="status" aria-label="Loading">
			{Array.from({ length: rows }, (_, row) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
				<Skeleton key={row} height={14} my={12} width={`${90 - ((row * 17) % 40)}%`} />
			))}
		</div>
	);
}
