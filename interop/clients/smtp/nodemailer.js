// Sends files, as nodemailer's `raw`, over pooled connections: node nodemailer.js '{"transport": {..}, "from": "..", "to": [..], "dsn": {..}}' FILE...
// Prints one line of JSON: how many were sent, which recipients were rejected, and the first errors.
'use strict';
const fs = require('fs');
const nodemailer = require('nodemailer');
const [how, ...files] = process.argv.slice(2);
const { transport, from, to, dsn } = JSON.parse(how);
if (transport.ca) transport.tls = { ca: fs.readFileSync(transport.ca) };
const transporter = nodemailer.createTransport({ pool: true, maxConnections: 10, maxMessages: Infinity, ...transport });
Promise.allSettled(files.map((file) => transporter.sendMail({ envelope: { from, to, dsn }, raw: fs.readFileSync(file) }))).then((results) => {
  const sent = results.filter((result) => result.status === 'fulfilled');
  const rejected = [...new Set(sent.flatMap((result) => result.value.rejected))];
  const errors = results.filter((result) => result.status === 'rejected').map((result) => `${result.reason.code} ${result.reason.message}`);
  console.log(JSON.stringify({ sent: sent.length, rejected, errors: errors.slice(0, 3) }));
  transporter.close();
  process.exitCode = errors.length ? 1 : 0;
});
