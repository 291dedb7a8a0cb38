"""A server that keeps the contract by construction and, told to, breaks it in one exact way.

Reading order follows a request: `transport` (HTTP in and out), `reading` (bytes to JSON), `refusals` (every way to say no),
`request` (the fields that mean something), `toymodel` and `characters` (what is said), `completion` (what is counted and cut), then
`answer` or `chunks` and `frames` (what is sent). `service` strings them together without any I/O, `server` puts it on a socket, `launch`
starts it. `behaviour` names the seams between these steps; a defect is one function at one seam.
"""
