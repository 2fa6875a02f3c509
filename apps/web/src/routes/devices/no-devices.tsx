import { Button, Code, Stack, Text, Title } from "@mantine/core";

/** What to do first. */
export function NoDevices({ mayAdd, onAdd }: { mayAdd: boolean; onAdd: () => void }) {
	return (
		<section className="nc-panel" aria-label="No devices yet">
			<Stack align="center" gap="xs" py={64} px="md" ta="center">
				<Title order={2}>No devices yet</Title>
				{mayAdd ? (
					<>
						<Text size="sm" c="dimmed" maw={460}>
							Add the first one with its address and a login: NetConductor then reads its configuration, keeps every
							version, and shows what changes.
						</Text>
						<Button mt="sm" onClick={onAdd}>
							Add device
						</Button>
						<Text size="sm" c="dimmed" maw={460} mt="md">
							Many at once: <Code>netconductor devices import devices.csv</Code>. No device at hand:{" "}
							<Code>npm run demo</Code> starts 24 simulated ones.
						</Text>
					</>
				) : (
					<Text size="sm" c="dimmed" maw={460}>
						Somebody whose role may add devices has to do that first.
					</Text>
				)}
			</Stack>
		</section>
	);
}
