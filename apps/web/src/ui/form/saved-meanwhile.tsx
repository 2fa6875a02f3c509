import { Button, Group } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Notice } from "../notice.tsx";

/** Somebody else saved another version while this one was written: the one who reads it decides which stays. */
export function SavedMeanwhile({
	saved,
	began,
	saving,
	onCompare,
	onTake,
	onSaveOver,
}: {
	saved: { version: number; updated_by: string };
	/** Version that one's own began from. */
	began: number;
	saving: boolean;
	onCompare: () => void;
	onTake: () => void;
	onSaveOver: () => void;
}) {
	return (
		<Notice tone="warn" icon="warning" title="Somebody else saved another version meanwhile" role="alert">
			<div>
				{visibleLine(saved.updated_by)} saved version {saved.version}; yours began from version {began}.
			</div>
			<Group gap="xs">
				<Button variant="default" onClick={onCompare}>
					What changed
				</Button>
				<Button variant="default" onClick={onTake}>
					Take theirs
				</Button>
				<Button variant="default" loading={saving} onClick={onSaveOver}>
					Save mine over it
				</Button>
			</Group>
		</Notice>
	);
}
