/** On an answer of a process that stops: nothing was done, and another process of the service is to be asked. */
export const leavingHeader = "x-netconductor-leaving";
