import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";

/** Types of steps whose result names a backup. */
const leading: ReadonlySet<string> = new Set(["collect_config", "compare_config"]);

/** Leads from an operation to what it made or compared with: the difference, or the config. */
export function ResultLinks({ operation: { result, step_type, device_id } }: { operation: RunOperation }) {
	const mayRead = usePermitted()("backups:read");
	if (!leading.has(step_type) || !mayRead || typeof result?.backup_id !== "string") return null;
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
