import { Button, Group, Stack } from "@mantine/core";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import { saveText } from "../../ui/table/csv.ts";

/** The codes that are told only now. */
export function RecoveryCodesShown({ codes, onClose }: { codes: string[]; onClose: () => void }) {
	const text = `${codes.join("\n")}\n`;
	return (
		<Stack gap="md">
			<Notice tone="warn" icon="key" title="This is the only time the recovery codes are shown">
				<div>
					Each signs you in once when your phone is lost, after your password. Keep them where you keep your passwords.
				</div>
			</Notice>
			<ul className="nc-mono" aria-label="Recovery codes" style={{ listStyle: "none", margin: 0, padding: 0 }}>
				{codes.map((code) => (
					<li key={code}>{code}</li>
				))}
			</ul>
			<Group justify="space-between">
				<Group gap="xs">
					<CopyButton text={text} label="Copy" />
					<Button
						variant="default"
						leftSection={<Icon name="download" size={14} />}
						onClick={() => saveText("netconductor-recovery-codes.txt", text)}
					>
						Save as a file
					</Button>
				</Group>
				<Button onClick={onClose}>I have kept them</Button>
			</Group>
		</Stack>
	);
}
