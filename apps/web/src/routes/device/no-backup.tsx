import { Button, Stack, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { usePermitted } from "../../api/context.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";

export function NoBackup({ device }: { device: Device }) {
	const mayRun = usePermitted()("backups:run");
	const { backUp } = useStartRuns();
	return (
		<Stack align="center" py={48} px="md" gap="sm">
			<Text size="sm" c="dimmed">
				There is no backup of this device yet.
			</Text>
			{mayRun && (
				<Button
					disabled={!device.enabled}
					loading={backUp.isPending}
					onClick={() => backUp.mutate({ names: [device.name] })}
				>
					Back it up now
				</Button>
			)}
		</Stack>
	);
}
