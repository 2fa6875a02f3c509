import { useMediaQuery } from "@mantine/hooks";
import type { DiffHunk } from "@netconductor/contracts/backup/model";
import { useMemo, useRef } from "react";
import type { z } from "zod";
import { Notice } from "../notice.tsx";
import { diffRows } from "./diff-rows.ts";
import { type DiffHandle, DiffView } from "./diff-view.tsx";

/** Changed lines as they are, without ways to unfold more: side by side where there is room for it. */
export function Hunks({
	hunks,
	truncated,
	label,
}: {
	hunks: z.infer<typeof DiffHunk>[];
	truncated: boolean;
	label: string;
}) {
	const roomForTwo = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
	const layout = roomForTwo ? "split" : "unified";
	const handle = useRef<DiffHandle>(null);
	const { rows } = useMemo(
		() => diffRows(hunks, { layout, ordered: false, truncated, to_lines: undefined, unfolded: new Map() }),
		[hunks, layout, truncated],
	);
	return (
		<>
			{truncated && (
				<Notice
					tone="warn"
					icon="warning"
					title="There are more changes than this page shows; the counts are complete."
				/>
			)}
			<DiffView rows={rows} layout={layout} current={undefined} handle={handle} onUnfold={() => {}} label={label} />
		</>
	);
}
