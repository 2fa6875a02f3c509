import { useDebouncedValue } from "@mantine/hooks";
import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, useCoversAll, usePermitted } from "../api/context.tsx";
import { Notice } from "./notice.tsx";
import { Moment } from "./time.tsx";

interface Change {
	kind: "deploy" | "delete" | "mop";
	params: Record<string, unknown>;
	/** In place of the devices that it is for. */
	select?: Selection | undefined;
}

const asksAfter_ms = 400;

/**
 * Says before a change starts that a calendar will hold it back; nothing where none would, and nothing where that cannot be told yet: the engine
 * asks for itself.
 */
export function HoldNotice({ change }: { change: Change }) {
	const api = useApi();
	const permitted = usePermitted();
	const coversAll = useCoversAll();
	const [asked] = useDebouncedValue(JSON.stringify(change), asksAfter_ms);
	const { data } = useQuery({
		queryKey: ["schedules", "hold", asked],
		queryFn: ({ signal }) => api.scheduling.previewHold({ body: JSON.parse(asked) as Change }, { signal }),
		enabled: coversAll && permitted("schedules:read"),
		retry: false,
	});
	if (data == null || data.hold === null) return null;
	const { why, until } = data.hold;
	return (
		<Notice tone="warn" icon="clock" title="A calendar holds this back">
			<span>
				{visibleLine(why)}{" "}
				{until === null ? (
					"without an end in sight."
				) : (
					<>
						until <Moment at={until} />.
					</>
				)}{" "}
				It can be started: the run waits before it changes anything, and goes on by itself.
			</span>
		</Notice>
	);
}
