import { type LabSshd, startSshd } from "../sshd.ts";

/**
 * A real Linux host over OpenSSH: this machine, as the user that runs the test, with its own shell. It forwards TCP, so that it also
 * serves as a jump host. Whatever a session does there, it does here.
 */
export function startOpenSshHost({ dir }: { dir: string }): Promise<LabSshd> {
	return startSshd({ dir });
}
