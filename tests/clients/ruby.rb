# ruby.rb PORT DB PASSWORD -- Ruby's redis, as an application uses it.
require 'redis'

port, db, password = ARGV
options = { port: port.to_i, db: db.to_i }
options[:password] = password unless password.empty?
client = Redis.new(id: 'test', **options)

def need(what, expected, got)
  raise "#{what}: #{got.inspect} is not #{expected.inspect}" unless expected == got
end

client.flushdb
bytes = (0..255).to_a.pack('C*')
need 'SETNAME', 'test', client.client(:getname)
need 'SET', 'OK', client.set("\x00\r\n", bytes)
need 'GET', bytes, client.get("\x00\r\n").b
need 'MSET', 'OK', client.mset('a', 1, 'b', 2)
need 'MGET', ['1', nil, '2'], client.mget('a', 'no', 'b')
need 'mapped', { 'a' => '1', 'b' => '2' }, client.mapped_mget('a', 'b')
need 'INCRBY', 6, client.incrby('a', 5)
need 'INCRBYFLOAT', 6.5, client.incrbyfloat('a', 0.5)

need 'SETEX', 'OK', client.setex('page', 100, 'html')
need 'TTL', true, (1..100).cover?(client.ttl('page'))
need 'PERSIST', true, client.persist('page')
need 'lock', true, client.set('lock', 'me', nx: true, px: 20_000)
need 'lock taken', false, client.set('lock', 'you', nx: true, px: 20_000)
need 'GETDEL', 'me', client.getdel('lock')
need 'GETEX', 'html', client.getex('page', ex: 5)

done = client.multi { |t| t.set('n', 1); t.incr('n'); t.get('n') }
need 'MULTI', ['OK', 2, '2'], done
aborted = client.watch('n') do
  Redis.new(**options).incr('n')
  client.multi { |t| t.set('n', 0) }
end
need 'EXEC after WATCH', nil, aborted
need 'the value', '3', client.get('n')

replies = client.pipelined { |p| 1000.times { |i| p.set("user:#{i}", i) } }
need 'pipeline', ['OK'] * 1000, replies
need 'SCAN', 1000, client.scan_each(match: 'user:*', count: 50).uniq.size
need 'KEYS', 10, client.keys('user:99?').size
need 'EXISTS', 2, client.exists('a', 'b', 'no')
need 'UNLINK', 2, client.unlink('a', 'b', 'no')
need 'INFO', true, client.info['role'] == 'master'

begin
  client.incr('page')
  raise 'INCR of a text has to be an error'
rescue Redis::CommandError => e
  need 'error', 'ERR value is not an integer or out of range', e.message
end
client.quit
puts 'ruby redis: ok'
