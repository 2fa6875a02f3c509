import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";

/** Leads from an operation to what it made: the difference, or the config. */
export function ResultLinks({ operation: { result, step_type, device_id } }: { operation: RunOperation }) {
	const mayRead = usePermitted()("backups:read");
	if (step_type !== "collect_config" || !mayRead || typeof result?.backup_id !== "string") return null;
	if (result.changed === true) {
		return (
			<TextLink to="/backups/compare" search={{ to: result.backup_id }} size="sm">
				See what changed
			</TextLink>
		);
	}
	return (
		<TextLink
			to="/devices/$id"
			params={{ id: device_id }}
			search={{ tab: "config", backup: result.backup_id }}
			size="sm"
		>
			See config
		</TextLink>
	);
}
